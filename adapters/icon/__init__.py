"""Pictures of coins from the addresses stored with them."""
