"""What a request costs: donebase, the floor and two peers. docs/development/benchmarks.md describes it."""


class RunFailed(Exception):
    """Something happened after which the figures of a run say nothing."""
