"""Random queries over foreign tables and over local copies of them; see ../query_test.py."""
