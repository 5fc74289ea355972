"""What a request costs: donebase beside the floor and two peers. docs/performance.md says how to repeat it."""


class RunFailed(Exception):
    """Something happened after which the figures of a run say nothing."""
