"""How fast the product is, against the least that the same work can cost and against what people would use instead.

`python -m benchmarks --list` names the scenarios. Nothing of the product imports this, and no test asserts a time.
"""
