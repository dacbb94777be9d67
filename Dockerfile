# The book's environment on the CPU, for a machine with Docker and nothing else:
#
#   docker build -t ganbook .
#   docker run --rm -p 8888:8888 ganbook      then open the address that it prints
#
# MNIST is fetched into the container when a chapter first asks; -v DIR:/data -e GANBOOK_DATA=/data brings yours.
FROM python:3.11-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git make \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home reader
WORKDIR /book
COPY --chown=reader . .
RUN chown reader /book
USER reader
RUN make setup CPU=1
ENV OMP_NUM_THREADS=1 GANBOOK_PROGRESS=1
EXPOSE 8888
CMD [".venv/bin/jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "notebooks"]
