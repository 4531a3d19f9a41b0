"""What the alembic command runs; the work is done where the server has it, too."""

from adapters.postgres.upgrade import run_command

run_command()
