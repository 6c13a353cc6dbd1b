"""What a step takes and gives: time, memory, and the numbers that flow.

``profile``, ``memory`` and ``numerics`` are tables (``report``) that can be laid over a picture (``overlay``);
``attribution`` and ``memory_plan`` tell for an engine's program which nodes a loop computes and where values are.
Everything here reads programs and undoes what it ran; nothing that trains depends on it.
"""
