"""`python -m hubprune` is `hubprune`."""

from hubprune.cli import main

if __name__ == "__main__":
    main()
