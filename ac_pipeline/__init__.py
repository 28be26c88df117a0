"""Warehouse audiences and computed traits, kept true in ActiveCampaign."""
