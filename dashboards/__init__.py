"""What an audience watches (filled in by a later version)."""

if __name__ != "icsim.dashboards":
    raise ImportError("this folder is the package icsim.dashboards: write 'import icsim.dashboards'")
