"""What stands where: the catalogues, the assets that exist, and the plan that follows."""
