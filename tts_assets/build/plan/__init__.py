"""What has to be made, and why: recipes, asset names, and the state of every clip."""
