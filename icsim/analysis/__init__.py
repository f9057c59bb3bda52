"""What a policy changes: runs that share their luck, compared person by person."""
