"""``python -m ganbook``."""

from ganbook.cli import main

if __name__ == "__main__":
    main()
