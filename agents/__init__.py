"""Who acts: patients and organisations as Mesa agents."""

if __name__ != "icsim.agents":
    raise ImportError("this folder is the package icsim.agents: write 'import icsim.agents'")
