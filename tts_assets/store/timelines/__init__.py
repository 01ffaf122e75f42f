"""Time lines of passages: who is heard when, in files beside the asset, for apps that follow along."""
