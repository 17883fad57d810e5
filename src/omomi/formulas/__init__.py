"""What a unit, a loss, an optimizer is: pure mathematics, no arrays kept."""
