"""Schedule group SMS and MMS campaigns from a spreadsheet: nothing twice, nothing lost, everything accounted for."""

__version__ = "0.1.0"
