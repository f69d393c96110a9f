import { Body, Controller, Get, Param, Post, Put, UseGuards } from "@nestjs/common";
import { InjectModel } from "@nestjs/mongoose";
import { Model } from "mongoose";
import { Login, UserId } from "./auth.js";
import { found } from "./found.js";
import { StudySession } from "./schemas.js";

@Controller("study-sessions")
@UseGuards(Login)
export class StudySessionsController {
  constructor(@InjectModel(StudySession.name) private readonly sessions: Model<StudySession>) {}

  @Post()
  create(@Body() session: Partial<StudySession>, @UserId() userId: string) {
    const completed = session.endTime !== undefined;
    return this.sessions.create({ startTime: new Date(), completed, ...session, userId });
  }

  @Get()
  list(@UserId() userId: string) {
    return this.sessions.find({ userId }).sort({ startTime: -1 });
  }

  @Get("stats")
  async stats(@UserId() userId: string) {
    const sessions = await this.sessions.find({ userId });
    const totalMinutes = sessions.reduce((total, session) => total + session.durationMinutes, 0);
    return { totalSessions: sessions.length, totalMinutes };
  }

  @Get(":id")
  async read(@Param("id") _id: string, @UserId() userId: string) {
    return found(await this.sessions.findOne({ _id, userId }), "Study session");
  }

  @Put(":id")
  async change(@Param("id") _id: string, @Body() change: Partial<StudySession>, @UserId() userId: string) {
    const session = await this.sessions.findOneAndUpdate({ _id, userId }, change, { returnDocument: "after" });
    return found(session, "Study session");
  }
}
