"""What every upstream needs: pacing, retry, breakers, sockets that come back."""
