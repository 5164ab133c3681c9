"""A process that has nothing: what reads bytes of strangers runs in one, and can neither keep nor send anything.

`process` starts it and ends it; `within` is what it does to itself first. Both are used by more than one room.
"""
