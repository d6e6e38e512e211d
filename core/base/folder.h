/* Folders of the file system. */
#ifndef PARLEY_CORE_BASE_FOLDER_H
#define PARLEY_CORE_BASE_FOLDER_H

/* Makes what was made, renamed or removed in the folder last: a rename is on the disk only when its folder is (fsync(2)).
 * 0, or -1 with errno. Any thread; waits for the disk. */
int folder_sync(const char *folder);
/* The same for the folder that `path` lies in. */
int folder_sync_of(const char *path);

#endif
