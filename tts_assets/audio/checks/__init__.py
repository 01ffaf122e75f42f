"""What is wrong with how a clip sounds: its sound is measured, and held against rules."""
