"""What an audience watches: a place live beside its twin, stories, results; ``icsim dashboard`` serves it."""

if __name__ != "icsim.dashboards":
    raise ImportError("this folder is the package icsim.dashboards: write 'import icsim.dashboards'")
