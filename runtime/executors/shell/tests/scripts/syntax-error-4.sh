echo one; exit 3
)) this is never read ((
