"""`python -m ac_pipeline` is the command line."""

from ac_pipeline.cli import main

if __name__ == "__main__":
    main()
