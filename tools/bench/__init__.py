"""The benchmarks: the same work on the same sandbox in the same run, ours beside PySNC, ServiceNow's own client."""
