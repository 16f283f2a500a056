from smoke_experiment import smoke

__all__ = ["smoke"]
