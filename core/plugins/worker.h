/* The worker: the process that runs one plugin release. It speaks frames with parleyd over one socket, owns the plugin's database
 * and calls the plugin, one callback at a time. Knows nothing of HTTP, features or experiments. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_H
#define PARLEY_CORE_PLUGINS_WORKER_H

/* Waits for FRAME_HELLO on `fd` (a stream socket, owned from here on), loads and starts the plugin, serves until FRAME_STOP or
 * until parleyd is gone. Returns the exit status: 0 after a stop, 1 when the plugin did not start (FRAME_FAILED says why). */
int worker_run(int fd);

#endif
