"""Benchmarks: ours and a bare floor in one run, alternating: ratios instead of promises."""
