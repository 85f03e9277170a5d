#!/bin/sh
# Says one window, then never ends, as a driver that hangs.
echo '{"window":"read","card":0,"rate":1000000000}'
exec sleep 600
