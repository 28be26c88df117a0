"""What all tests share: what Hypothesis tries is the same in every run, so that what is green stays green.

`pytest --hypothesis-profile=explore` tries something new each time, as `make soak` does.
"""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")
