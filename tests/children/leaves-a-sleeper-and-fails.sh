# Fails plainly, and leaves something running.
sleep 600 &
echo $! > child
exit 3
