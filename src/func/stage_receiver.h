/*-------------------------------------------------------------------------
 *
 * stage_receiver.h
 *	  Rows of a query, on their way into a stage.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_STAGE_RECEIVER_H
#define XBB_STAGE_RECEIVER_H

#include "tcop/dest.h"

#include "func/stage.h"

/*
 * Appends what it receives; lives in the caller's memory.  A stage without columns gets
 * the query's, and its rows are numbered as they come.  Else the query's last column is
 * the number, and the others become the stage's columns as an INSERT would assign them.
 */
extern DestReceiver *stage_receiver(Stage *stage);

#endif							/* XBB_STAGE_RECEIVER_H */
