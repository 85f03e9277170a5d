# Starts something of its own, notes its number beside itself, and never ends.
sleep 600 &
echo $! > child
wait
