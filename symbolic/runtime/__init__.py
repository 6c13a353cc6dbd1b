"""What an executor is built on: checks at bind, compiled graphs, monitors, and the lock of a run."""
