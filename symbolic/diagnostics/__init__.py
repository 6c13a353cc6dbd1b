"""What a step takes and gives: time, memory, and the numbers that flow.

``profile``, ``memory`` and ``numerics`` are tables (``report``) that can be laid over a picture (``overlay``);
``attribution`` and ``memory_plan`` give, for an engine's program, the nodes of each loop and the places of values.
Everything here reads programs and undoes what it ran; nothing that trains depends on it.
"""
