"""`python -m wsengine` is the command `wsengine`."""

from .cli import main

if __name__ == "__main__":
    main()
