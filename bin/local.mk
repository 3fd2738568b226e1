# The tools: one small program each, over a shared cli, table and progress.
