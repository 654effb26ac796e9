#pragma once
#include <stddef.h>

/* agent.c: the device of the disk whose serial number is this; 0 when there is none within the time. */
int find_disk(const char *serial, char *device, size_t size, int patience_ms);

/* bulk.c: `give` or `take`, first slot, number of slots, command; gives the exit status. */
int transfer(char **words);
