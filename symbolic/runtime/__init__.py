"""What an executor is built on: checks at bind, compiled graphs, monitors, and the lock of a run.

``checks`` refuses arrays before anything is written; ``modes`` is the graph as it runs, for prediction and in training;
``compiled`` joins it with arrays and an engine; ``monitor`` looks at nodes as they run; ``run_lock`` lets one thread
run at a time.  Users see none of it: `symbolic.bind` and `symbolic.executor` are the doors.
"""
