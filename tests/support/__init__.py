"""What several test files use: no tests in here, and no test file imports another."""
