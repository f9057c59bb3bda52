"""``python -m icsim.cli``."""

from icsim.cli import main

if __name__ == "__main__":
    main()
