# The manual, in mdoc.
