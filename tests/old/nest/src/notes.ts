import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, UseGuards } from "@nestjs/common";
import { InjectModel } from "@nestjs/mongoose";
import { Model } from "mongoose";
import { Login, UserId } from "./auth.js";
import { found } from "./found.js";
import { Note } from "./schemas.js";

@Controller("notes")
@UseGuards(Login)
export class NotesController {
  constructor(@InjectModel(Note.name) private readonly notes: Model<Note>) {}

  @Post()
  create(@Body() note: Partial<Note>, @UserId() user: string) {
    return this.notes.create({ ...note, user });
  }

  @Get()
  list(@UserId() user: string) {
    return this.notes.find({ user }).sort({ createdAt: -1 });
  }

  @Post("search")
  @HttpCode(200)
  search(@Body("query") query: string, @UserId() user: string) {
    const text = new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
    return this.notes.find({ user, $or: [{ title: text }, { content: text }, { tags: query }] });
  }

  @Get(":id")
  async read(@Param("id") _id: string, @UserId() user: string) {
    return found(await this.notes.findOne({ _id, user }), "Note");
  }

  @Put(":id")
  async change(@Param("id") _id: string, @Body() change: Partial<Note>, @UserId() user: string) {
    return found(await this.notes.findOneAndUpdate({ _id, user }, change, { returnDocument: "after" }), "Note");
  }

  @Delete(":id")
  async remove(@Param("id") _id: string, @UserId() user: string) {
    found(await this.notes.findOneAndDelete({ _id, user }), "Note");
    return { message: "Note deleted" };
  }
}
