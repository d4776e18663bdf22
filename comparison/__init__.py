"""What wsengine does when things go wrong, beside what others do: each is tried, none supposed."""
