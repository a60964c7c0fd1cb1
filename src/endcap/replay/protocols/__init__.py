"""How data are cut for each task, one a file: what may be learnt from, what is asked, and what counts as right."""
