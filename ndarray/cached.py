"""A property that is computed when it is first asked for, and then kept."""

import functools


class cached_property(functools.cached_property):
    """`functools.cached_property` without a lock.

    In Python 3.11 all objects share the lock of a property.  A process that forks while another thread computes leaves
    it locked in the child, which then waits for ever.  Here two threads at once may both compute; they find the same.
    """

    def __get__(self, instance, owner=None):
        """Compute; from then on the instance itself has the attribute, and nobody asks here."""
        if instance is None:
            return self
        value = instance.__dict__[self.attrname] = self.func(instance)
        return value
