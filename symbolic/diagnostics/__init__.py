"""What a step takes and gives: time, memory, and the numbers that flow."""
