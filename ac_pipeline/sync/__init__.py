"""The use cases: compute a window, judge it, reconcile, deliver."""
